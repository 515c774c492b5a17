import { onlineStoreConformance } from '../conformance.ts'
import { memoryOnlineStore } from './memory.ts'

onlineStoreConformance('memory', () => memoryOnlineStore())
