// Goal: what the docs show runs. Method: every TypeScript block of README and docs/ is compiled as part of a project, in the
// order in which it stands on its page; every shell block names verbs and options that exist.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { commands } from '../../src/cli/commands/index.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

function pages(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? pages(join(folder, entry.name))
      : entry.name.endsWith('.md')
        ? [join(folder, entry.name)]
        : [],
  )
}

interface Block {
  readonly page: string
  readonly language: string
  readonly text: string
}

const blocks: Block[] = [
  join(root, 'README.md'),
  join(root, 'ARCHITECTURE.md'),
  join(root, 'CONTRIBUTING.md'),
  ...pages(join(root, 'docs')),
].flatMap((page) =>
  [...readFileSync(page, 'utf8').matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].map(([, language = '', text = '']) => ({
    page: relative(root, page),
    language,
    text,
  })),
)

const scratch = mkdtempSync(join(root, 'test', 'docs-scratch-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe('the blocks of README and docs', () => {
  it('are there', () => {
    expect(blocks.filter(({ language }) => language === 'ts').length).toBeGreaterThan(0)
    expect(blocks.filter(({ language }) => language === 'sh').length).toBeGreaterThan(0)
  })

  it('compile, each page as one project', () => {
    // A block names its file in its first line: `// features/airport.ts`. A file named again replaces what it said before.
    const byPage = Map.groupBy(
      blocks.filter(({ language }) => language === 'ts'),
      ({ page }) => page,
    )
    for (const [page, ofPage] of byPage) {
      const folder = join(scratch, page.replaceAll('/', '_'))
      for (const { text } of ofPage) {
        const file = /^\/\/ (\S+\.ts)/.exec(text)?.[1]
        expect(file, `${page}: a TypeScript block begins with // and its file`).toBeDefined()
        mkdirSync(join(folder, file!, '..'), { recursive: true })
        writeFileSync(join(folder, file!), text)
      }
    }
    writeFileSync(
      join(scratch, 'tsconfig.json'),
      JSON.stringify({ extends: '../../tsconfig.json', include: ['**/*.ts'], exclude: [] }),
    )
    const compiled = spawnSync(
      process.execPath,
      [join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '-p', scratch],
      { encoding: 'utf8' },
    )
    expect(compiled.stdout).toBe('')
    expect(compiled.status).toBe(0)
  })

  it('name verbs and options that the command line has', () => {
    const known = new Map(
      commands.map((command) => [command.verb.join(' '), new Set((command.options ?? []).map(({ name }) => name))]),
    )
    const wrong: string[] = []
    for (const { page, text } of blocks.filter(({ language }) => language === 'sh')) {
      for (const line of text.split('\n')) {
        const call = /(?:^|npx |&& )noonmark ([a-z].*?)(?:\s+#.*)?$/.exec(line)?.[1]
        if (call === undefined) continue
        for (const part of call.split(/\s*&&\s*(?:noonmark )?/)) {
          const words = part.trim().split(/\s+/)
          const verb = [words.slice(0, 2).join(' '), words[0]!].find((candidate) => known.has(candidate))
          if (verb === undefined) {
            wrong.push(`${page}: noonmark ${part}`)
            continue
          }
          for (const [, option = ''] of part.matchAll(/--([a-z-]+)/g)) {
            if (!known.get(verb)!.has(option) && !['json', 'project', 'clock', 'server', 'help'].includes(option))
              wrong.push(`${page}: ${verb} --${option}`)
          }
        }
      }
    }
    expect(wrong).toEqual([])
  })

  it('link to pages that exist', () => {
    const broken: string[] = []
    for (const page of [join(root, 'README.md'), join(root, 'ARCHITECTURE.md'), ...pages(join(root, 'docs'))]) {
      for (const [, target = ''] of readFileSync(page, 'utf8').matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (/^[a-z]+:/.test(target)) continue
        try {
          readFileSync(join(page, '..', target))
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && error.code === 'EISDIR'))
            broken.push(`${relative(root, page)} -> ${target}`)
        }
      }
    }
    expect(broken).toEqual([])
  })
})

// `noonmark` resolves to this checkout from the scratch folder too, as it does for every example.
mkdirSync(join(scratch, 'node_modules'), { recursive: true })
symlinkSync(root, join(scratch, 'node_modules', 'noonmark'))
