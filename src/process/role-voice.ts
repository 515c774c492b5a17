import type { RoleMessage } from './supervisor.ts'

/** How a role speaks: to people, and to its supervisor, which hears of it whatever becomes of this process. */
export interface RoleVoice {
  readonly log: (line: string) => void
  readonly tell: (message: RoleMessage) => Promise<void>
  /** Says that there is nothing to do, and ends this process until there is. */
  readonly rest: () => Promise<void>
}
