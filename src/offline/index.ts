/**
 * The offline room: pinned tables, features as of instants, outcomes, training sets.
 * @module
 */
export * from './offline-engine.ts'
