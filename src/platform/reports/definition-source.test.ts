// Goal: a definition is shown as it was written, and nothing else of its file. Method: texts with what usually breaks such readers.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { emptyManifest } from '../../plan/index.ts'
import { definitionIn, openDefinitionSources } from './definition-source.ts'

const tricky = `import { model } from 'noonmark'

// not model('late', {}) but a remark
const text = "model('late', nothing)"

/**
 * Late or not (at all).
 */
export const late = model('late', {
  // a ) in a remark
  description: 'with a ) and an \\' apostrophe',
  baseline: ({ a }) => (a ?? 0) > \`)\${a}\`.length ? 0.4 : 0.1, /* ) */
})

// one
// two
export const later = model<string>("later", {}), after = 1
`

describe('the text of a definition', () => {
  it('reaches from the comment above it to the end of its call', () => {
    expect(definitionIn(tricky, 'model', 'late')).toEqual({
      line: 6,
      text: tricky.slice(tricky.indexOf('/**'), tricky.indexOf('})\n') + 2),
    })
    expect(definitionIn(tricky, 'model', 'later')).toEqual({
      line: 15,
      text: '// one\n// two\nexport const later = model<string>("later", {})',
    })
  })

  it('is null where there is none of that name or kind, or its call never ends', () => {
    expect(definitionIn(tricky, 'model', 'lat')).toBeNull()
    expect(definitionIn(tricky, 'deployment', 'late')).toBeNull()
    expect(definitionIn("model('late', {", 'model', 'late')).toBeNull()
  })
})

describe('definitions of a project', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'definitions-'))
  })
  afterEach(() => rm(folder, { recursive: true }))
  const withFile = (file: string) => ({ ...emptyManifest('p'), files: { 'model late': file } })

  it('are read again when their file changes', async () => {
    const sources = openDefinitionSources(folder)
    await writeFile(join(folder, 'late.ts'), "model('late', { a: 1 })")
    expect(await sources.text(withFile('late.ts'), 'model', 'late')).toEqual({
      file: 'late.ts',
      line: 1,
      text: "model('late', { a: 1 })",
      from: 'project',
    })
    await writeFile(join(folder, 'late.ts'), "\nmodel('late', { a: 22 })")
    expect(await sources.text(withFile('late.ts'), 'model', 'late')).toMatchObject({ line: 2, from: 'project' })
  })

  it.each(['gone.ts', '../outside.ts', '/etc/hosts.ts', 'data/secrets.json'])(
    'come from the manifest where the file is %s',
    async (file) => {
      await writeFile(join(folder, '..', 'outside.ts'), "model('late', {})")
      expect(await openDefinitionSources(folder).text(withFile(file), 'model', 'late')).toEqual({
        file,
        line: null,
        text: 'null',
        from: 'manifest',
      })
      await rm(join(folder, '..', 'outside.ts'))
    },
  )
})
