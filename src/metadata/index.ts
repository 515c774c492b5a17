export {
  deleteRecord,
  type MetadataReader,
  type MetadataStore,
  type MetadataStoreSupports,
  type MetadataTransaction,
  putRecord,
  type RecordChange,
  type RecordDelete,
  type RecordPage,
  type RecordPut,
  type RecordQuery,
} from './metadata-store.ts'
export {
  defineRecord,
  type IndexCondition,
  type IndexField,
  type IndexRange,
  type IndexValue,
  type MetadataRecord,
  type RecordKey,
  type RecordKind,
} from './record.ts'
