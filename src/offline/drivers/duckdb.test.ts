import { join } from 'node:path'
import { offlineEngineConformance } from '../conformance.ts'
import { duckdbEngine } from './duckdb.ts'

offlineEngineConformance('duckdb', (rootDir) =>
  duckdbEngine({ memoryLimitMb: 256, threads: 2, tempDirectory: join(rootDir, '.spill'), rootDir }),
)
