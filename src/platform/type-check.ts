import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { noonmarkError } from '../errors.ts'
import { splitLines } from '../process/supervisor.ts'

/** How many of the compiler's lines are shown. */
const mostLines = 20

/**
 * Lets the project's own TypeScript check its types, where it has one.
 * @throws project_invalid naming file and line of the first mistake
 */
export async function checkTypes(
  rootDir: string,
): Promise<{ readonly detail: string; readonly outcome?: 'skipped'; readonly mend?: string }> {
  const compiler = compilerOf(rootDir)
  if (compiler === null)
    return { outcome: 'skipped', detail: 'the project has no TypeScript', mend: 'npm install --save-dev typescript' }
  if (!existsSync(join(rootDir, 'tsconfig.json')))
    return { outcome: 'skipped', detail: 'there is no tsconfig.json', mend: 'docs/start.md shows one' }
  const { code, lines } = await run(compiler, rootDir)
  if (code === 0) return { detail: 'no mistake' }
  const first = lines.map((line) => /^(.+?)\((\d+),(\d+)\): error/.exec(line)).find((match) => match !== null)
  const more = lines.length > mostLines ? `\n... and ${lines.length - mostLines} lines more` : ''
  throw noonmarkError('project_invalid', {
    message: `${lines.slice(0, mostLines).join('\n')}${more}`,
    hint: 'Correct what the compiler names.',
    ...(first === undefined ? {} : { path: `${first![1]}:${first![2]}:${first![3]}` }),
  })
}

function compilerOf(rootDir: string): string | null {
  try {
    return join(dirname(createRequire(join(rootDir, 'package.json')).resolve('typescript/package.json')), 'bin/tsc')
  } catch {
    return null
  }
}

function run(compiler: string, rootDir: string): Promise<{ readonly code: number | null; readonly lines: string[] }> {
  return new Promise((resolve, reject) => {
    const lines: string[] = []
    const child = spawn(process.execPath, [compiler, '--noEmit', '--pretty', 'false'], {
      cwd: rootDir,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [child.stdout, child.stderr]) splitLines(stream, (line) => lines.push(line))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, lines: lines.filter((line) => line !== '') }))
  })
}
