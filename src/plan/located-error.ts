import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProjectBundle } from '../code/index.ts'
import { originalPosition, readSourceMap, type SourcePosition } from '../code/source-map.ts'
import { errorTable, isNoonmarkError, type NoonmarkError, noonmarkError } from '../errors.ts'
import { circleThrough } from './import-circle.ts'

/**
 * What went wrong while definitions were evaluated, with file, definition and field: from the frames of the stack that lie in
 * the project's own files, and from the source text at them.
 */
export async function locatedError(error: unknown, rootDir: string, bundle: ProjectBundle): Promise<unknown> {
  const cause = error instanceof Error ? error.cause : undefined
  if (!isNoonmarkError(error) || !(cause instanceof Error)) return error
  const frames = ownFrames(cause.stack ?? '', bundle.code)
  const innermost = frames[0]
  if (innermost === undefined) return error
  const lines = await sourceLines(rootDir, frames)
  if (!isNoonmarkError(cause) && isOfUndefined(cause)) {
    const circle = await circleThrough(innermost.file, rootDir, bundle.inputs)
    if (circle !== null) {
      return noonmarkError('definition_cycle', {
        message: `${circle.join(' imports ')}: ${where(innermost)} reads what is not made yet (${cause.message}).`,
        hint: 'Move what both files need into a third file that imports neither.',
        path: where(innermost),
        cause,
      })
    }
  }
  return withPlace(cause, frames, lines)
}

function withPlace(cause: Error, frames: readonly SourcePosition[], lines: SourceLines): NoonmarkError {
  const known = isNoonmarkError(cause) ? cause.path : undefined
  const innermost = frames[0]!
  // A path of a builder begins with its definition: `source landings > eventTime`. Other paths name the call alone.
  const named =
    known !== undefined &&
    /^(entity|source|feature-view|moment|model|deployment|derive|project|outcome of) ?/.test(known)
  const owner = named ? undefined : ownerAt(frames, lines)
  const field = named ? undefined : fieldAt(innermost, lines)
  const path = [where(innermost), owner, field, known].filter((part) => part !== undefined && part !== owner)
  const parts = [where(innermost), ...(owner === undefined ? [] : [owner]), ...path.slice(1)]
  if (!isNoonmarkError(cause)) {
    return noonmarkError('project_invalid', {
      message: `${[owner, field].filter((part) => part !== undefined).join(' > ') || innermost.file}: ${cause.message}`,
      hint: isOfUndefined(cause)
        ? `Something that is needed at ${where(innermost)} is not there: look at its imports, and give every option.`
        : `Look at ${where(innermost)}.`,
      path: parts.join(' > '),
      cause,
    })
  }
  const subject = [owner, field].filter((part) => part !== undefined).join(' > ')
  return noonmarkError(cause.code in errorTable ? cause.code : 'definition_invalid', {
    message: subject === '' ? cause.message : `${subject}: ${cause.message}`,
    hint: cause.hint,
    path: parts.join(' > '),
    cause,
  })
}

const where = ({ file, line }: SourcePosition): string => `${file}:${line}`

/** The frames of a stack in files of the project itself, innermost first. */
function ownFrames(stack: string, code: string): SourcePosition[] {
  const map = readSourceMap(code)
  if (map === undefined) return []
  return [...stack.matchAll(/noonmark-project-bundle\.js:(\d+):(\d+)/g)]
    .map(([, line, column]) => originalPosition(map, Number(line), Number(column)))
    .filter((frame) => frame !== undefined)
    .filter(({ file }) => !file.startsWith('../') && !file.includes('node_modules/'))
}

type SourceLines = ReadonlyMap<string, readonly string[]>

async function sourceLines(rootDir: string, frames: readonly SourcePosition[]): Promise<SourceLines> {
  const files = [...new Set(frames.map(({ file }) => file))]
  const texts = await Promise.all(files.map((file) => readFile(join(rootDir, file), 'utf8').catch(() => '')))
  return new Map(files.map((file, index) => [file, texts[index]!.split('\n')]))
}

const kinds: Readonly<Record<string, string>> = {
  entity: 'entity',
  source: 'source',
  featureView: 'feature-view',
  moment: 'moment',
  model: 'model',
  deployment: 'deployment',
  derive: 'derive',
}

/** The definition that was being made: the innermost call of a builder with a name. */
function ownerAt(frames: readonly SourcePosition[], lines: SourceLines): string | undefined {
  for (const { file, line, column } of frames) {
    const text = `${lines.get(file)?.[line - 1]?.slice(column - 1) ?? ''}\n${lines.get(file)?.[line] ?? ''}`
    const match = /^(?:\w+\.)?(\w+)(?:<[^(]*>)?\(\s*(['"`])([^'"`]*)\2/.exec(text)
    const kind = match?.[1] === undefined ? undefined : kinds[match[1]]
    if (kind !== undefined && match?.[3] !== undefined) return `${kind} ${match[3]}`
  }
  return undefined
}

/** The property whose value was being written, from the text before the call: `landings_1d: count().over(`. */
function fieldAt({ file, line, column }: SourcePosition, lines: SourceLines): string | undefined {
  const before = lines.get(file)?.[line - 1]?.slice(0, column - 1) ?? ''
  return /(?:^|[\s,{(])(?:'([^']+)'|([A-Za-z_$][\w$]*))\s*:[^:,]*$/
    .exec(before)
    ?.slice(1)
    .find((name) => name !== undefined)
}

/** Whether an error looks like the use of something that was not there yet. */
function isOfUndefined(error: Error): boolean {
  return (
    error.name === 'ReferenceError' || (error.name === 'TypeError' && /undefined|is not a function/.test(error.message))
  )
}
