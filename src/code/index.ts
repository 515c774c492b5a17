/** Project code: bundled, cut into single functions, and run in worker threads with deadlines. */
export { evaluateBundle, type ProjectExports } from './bundle-evaluation.ts'
export type { CodeError, RowResult } from './call-result.ts'
export { type BreakerRule, type BreakerState, defaultBreakerRule } from './circuit-breaker.ts'
export type { FunctionCall, FunctionState, PoolFunction } from './function-group.ts'
export { type CodeLog, createFunctionPool, type FunctionPool, type FunctionPoolOptions } from './function-pool.ts'
export { type ProjectFunction, type SlicedFunction, sliceFunction } from './function-slice.ts'
export { bundleProject, type ProjectBundle, type ProjectFiles } from './project-bundle.ts'
export { formatPosition, originalPosition, readSourceMap, type SourceMap, type SourcePosition } from './source-map.ts'
