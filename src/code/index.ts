/** Project code: bundled, cut into single functions, and run in worker threads with deadlines. */
export { evaluateBundle, type ProjectExports } from './bundle-evaluation.ts'
export { type ProjectFunction, type SlicedFunction, sliceFunction } from './function-slice.ts'
export { bundleProject, type ProjectBundle, type ProjectFiles } from './project-bundle.ts'
