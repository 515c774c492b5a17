import { onlineStoreConformance } from '../conformance.ts'
import { lmdbOnlineStore } from './lmdb.ts'

onlineStoreConformance('lmdb', (folder, { readOnly }) => lmdbOnlineStore({ folder, readOnly }))
