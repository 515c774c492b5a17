import { streamLogConformance } from '../conformance.ts'
import { memoryStreamLog } from './memory.ts'

streamLogConformance('memory', { durable: false, sharedReaders: false }, async () => ({
  open: async (clock) => memoryStreamLog({ clock }),
  dispose: async () => undefined,
}))
