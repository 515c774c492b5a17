export { bootId } from './boot-id.ts'
export { type EndMark, readEndMark } from './end-mark.ts'
export { type FolderLock, lockFolder } from './folder-lock.ts'
export { encodeFrame, type Frame, frameHeaderBytes, framePayloadLimitBytes, readFrame } from './frame.ts'
export { isMissing, listSegments, makeFolder, readSegmentMark, type SegmentName, syncFolder } from './segment-file.ts'
export { type OffsetRange, openSegmentReader, type SegmentReader, type SegmentReaderOptions } from './segment-reader.ts'
export { type LostRecords, lostRecords, wholeRecords } from './segment-salvage.ts'
export {
  openSegmentWriter,
  type SegmentRecovery,
  type SegmentWriter,
  type SegmentWriterOptions,
} from './segment-writer.ts'
