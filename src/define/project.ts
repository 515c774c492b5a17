import { checkName } from './definition.ts'

/** What `noonmark.config.ts` says. */
export interface ProjectConfig {
  /** The project's name: the first column of every key in every store. */
  readonly project: string
  readonly server?: { readonly host?: string; readonly port?: number }
  /** Memory and threads that DuckDB work may take. */
  readonly engine?: { readonly memoryLimitMb?: number; readonly threads?: number }
}

const marker = Symbol.for('noonmark.config')

/** Declares the project: the default export of `noonmark.config.ts`. */
export function defineConfig(config: ProjectConfig): ProjectConfig {
  checkName(config.project, 'project')
  const marked = { ...config }
  Object.defineProperty(marked, marker, { value: true })
  return Object.freeze(marked)
}

/** Whether a value came out of `defineConfig`. */
export function isProjectConfig(value: unknown): value is ProjectConfig {
  return typeof value === 'object' && value !== null && marker in value
}
