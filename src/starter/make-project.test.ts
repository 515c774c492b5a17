import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadProject } from '../plan/index.ts'
import { installedAs } from './installed-as.ts'
import { makeProject, nameFrom } from './make-project.ts'
import { templates } from './templates.ts'

const nowMs = Date.parse('2026-03-01T15:00:00Z')
let scratch: string
beforeAll(() => {
  scratch = realpathSync(mkdtempSync(join(tmpdir(), 'noonmark-starter-')))
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe.each(templates)('the template $name', (template) => {
  it('is a project that loads, with the data that it names, the same for the same day', async () => {
    const [folder, again] = [join(scratch, template.name), join(scratch, 'later', template.name)]
    const files = await makeProject({ folder, name: 'my-project', template, nowMs })
    await makeProject({ folder: again, name: 'my-project', template, nowMs: nowMs + 3_600_000 })
    const { config, definitions } = await loadProject(folder)
    expect(config.project).toBe('my-project')
    if (template.model === null) expect(definitions).toEqual([])
    else expect(definitions.map(({ definition }) => definition.kind)).toContain('deployment')
    for (const path of files.filter((file) => file.startsWith('data/')))
      expect(readFileSync(join(again, path), 'utf8')).toBe(readFileSync(join(folder, path), 'utf8'))
    for (const [path] of template.files)
      expect(files.some((file) => file === path || (path.endsWith('/') && file.startsWith(path)))).toBe(true)
    expect(files).toEqual(
      expect.arrayContaining(['.gitignore', '.github/workflows/noonmark.yml', 'README.md', 'tsconfig.json']),
    )
    expect(files.filter((file) => readFileSync(join(folder, file), 'utf8').includes('__'))).toEqual([])
  })

  it('brings its own Node, and lets nothing else run when it is installed', async () => {
    const folder = join(scratch, 'tools', template.name)
    await makeProject({ folder, name: 'my-project', template, nowMs })
    const made = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    expect(made.devDependencies.node).toMatch(/^24\./)
    expect(Object.entries(made.allowScripts).filter(([, allowed]) => allowed)).toEqual([['node', true]])
    expect(Object.keys(made.scripts)).toEqual(expect.arrayContaining(['dev', 'test', 'train']))
    expect(made.dependencies.noonmark).toMatch(/^file:/)
  })
})

describe('a new project', () => {
  const template = templates[0]!

  it('is made beside a Git repository, and beside nothing else', async () => {
    const folder = join(scratch, 'taken')
    mkdirSync(join(folder, '.git'), { recursive: true })
    await makeProject({ folder, name: 'taken', template, nowMs })
    const before = readFileSync(join(folder, 'README.md'), 'utf8')
    await expect(makeProject({ folder, name: 'taken', template: templates[1]!, nowMs })).rejects.toMatchObject({
      code: 'file_exists',
    })
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toBe(before)
  })

  it.each([
    ['/tmp/My Project', 'my-project'],
    ['rides/', 'rides'],
    ['2026 forecasts', 'forecasts'],
    ['/tmp/2026', ''],
  ])('in %s is called %s', (folder, name) => {
    expect(nameFrom(folder)).toBe(name)
  })
})

describe('how a project depends on this package', () => {
  const install = (resolved: string | undefined): string => {
    const home = mkdtempSync(join(scratch, 'home-'))
    const own = join(home, 'node_modules/noonmark')
    mkdirSync(own, { recursive: true })
    const entry = resolved === undefined ? {} : { resolved }
    writeFileSync(
      join(home, 'node_modules/.package-lock.json'),
      JSON.stringify({ packages: { 'node_modules/noonmark': entry } }),
    )
    return own
  }

  it('is by the tarball that this one was installed from', () => {
    writeFileSync(join(scratch, 'noonmark-9.tgz'), '')
    expect(installedAs(join(scratch, 'new'), install('file:../noonmark-9.tgz'))).toBe('file:../noonmark-9.tgz')
  })

  it('is by version where it came from a registry, said or not', () => {
    expect(installedAs(scratch, install('https://example.com/noonmark-9.tgz'))).toMatch(/^\d+\.\d+\.\d+/)
    expect(installedAs(scratch, install(undefined))).toMatch(/^\d+\.\d+\.\d+/)
  })

  it('is by its folder where it is a checkout', () => {
    const checkout = join(scratch, 'checkout')
    mkdirSync(checkout)
    expect(installedAs(join(scratch, 'new'), checkout)).toBe('file:../checkout')
  })
})
