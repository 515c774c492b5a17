export { formatPosition, type Position, parsePosition, receivedOf } from './position.ts'
export {
  type AppendResult,
  type AppendRow,
  beginningMs,
  defaultDeduplicationWindowMs,
  type Frontier,
  type LogClock,
  type LogDeclaration,
  type LogExtent,
  type LogName,
  type LogReader,
  type LogRow,
  type StreamLog,
  type StreamLogSupports,
  type TailOptions,
} from './stream-log.ts'
