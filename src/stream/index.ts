export {
  type FileLogReader,
  type FileStreamLogOptions,
  openFileLogReader,
  openFileStreamLog,
} from './drivers/file.ts'
export { memoryStreamLog } from './drivers/memory.ts'
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
  type LogRow,
  type StreamLog,
  type StreamLogSupports,
  type TailOptions,
} from './stream-log.ts'
