/**
 * `noonmark init` for a Node that is too old for the rest: it makes a project that brings its own Node. Nothing here may import
 * what needs a newer one.
 */
import { parseArgs } from 'node:util'
import { errorBody } from '../errors.ts'
import { init } from './commands/init.ts'

/** Runs `noonmark init ...`. Exit status: 0 done, 1 failed, 2 misused. */
export async function initOnOldNode(argv: readonly string[]): Promise<void> {
  try {
    const { values, positionals } = parseArgs({
      args: argv.slice(1),
      options: {
        template: { type: 'string' },
        project: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
      allowPositionals: true,
    })
    if (values.help === true) {
      console.log(
        `Usage: noonmark init [dir] --template <name>\n\n${init.summary}\n\nExample:\n  noonmark ${init.example}`,
      )
      return
    }
    const json = values.json === true
    const { template, project = '.' } = values
    const [dir] = positionals
    const output = await init.run(
      {
        rootDir: project,
        platform: () => Promise.reject(new Error('init opens no platform')),
        progress: () => {},
        say: console.log,
        interactive: !json && process.stdin.isTTY === true && process.stdout.isTTY === true,
        confirm: () => Promise.resolve(false),
        signal: new AbortController().signal,
      },
      { arguments: dir === undefined ? {} : { dir }, options: template === undefined ? {} : { template } },
    )
    console.log(json ? JSON.stringify(output.json, null, 2) : output.text)
  } catch (error) {
    const { message, hint, path, code } = errorBody(error).error
    console.error(`error: ${message}${path === undefined ? '' : `\n   at: ${path}`}\n mend: ${hint} (${code})`)
    process.exitCode = path?.startsWith('--') === true || code === 'internal' ? 2 : 1
  }
}
