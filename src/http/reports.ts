/**
 * What pages about the platform are made of: schemas for the OpenAPI document, and the types of the same answers. Every figure
 * says what it is over, and has its 95 % interval where one is known.
 */
export * from './reports/deployment.ts'
export * from './reports/feature-view.ts'
export * from './reports/model.ts'
export * from './reports/overview.ts'
export * from './reports/parts.ts'
export * from './reports/prediction.ts'
export * from './reports/run.ts'
export * from './reports/status.ts'
export * from './reports/trainer.ts'
