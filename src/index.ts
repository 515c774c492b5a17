/**
 * What a project's definitions are written with.
 * @module
 */
export * from './define/index.ts'
export { isNoonmarkError, NoonmarkError } from './errors.ts'
