export * from './naive.ts'
