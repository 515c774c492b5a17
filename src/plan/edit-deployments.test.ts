import { describe, expect, it } from 'vitest'
import { isNoonmarkError, type NoonmarkError } from '../errors.ts'
import { editDeployments, type PinChange } from './edit-deployments.ts'

const imports = "import { constant, deployment } from 'noonmark'\nimport { late } from './models/late.ts'\n\n"
const champion = (pin = 'late:2'): PinChange => ({ deployment: 'lateness', pin, as: 'champion' })
const shadow = (pin = 'late:2'): PinChange => ({ deployment: 'lateness', pin, as: 'shadow' })

function refused(text: string, change: PinChange, fileName?: string): NoonmarkError {
  try {
    editDeployments(text, change, fileName)
  } catch (error) {
    if (isNoonmarkError(error)) return error
    throw error
  }
  throw new Error('the edit was not refused')
}

describe('a pin', () => {
  it.each<[string, PinChange, string, string]>([
    ['replaces the champion', champion(), "{ champion: 'late:1' }", "{ champion: 'late:2' }"],
    ['keeps the quotes', champion(), '{ champion: "late:1" }', '{ champion: "late:2" }'],
    ['replaces a template without parts', champion(), '{ champion: `late:1` }', '{ champion: `late:2` }'],
    ['takes a key in quotes', champion(), "{ 'champion': 'late:1' }", "{ 'champion': 'late:2' }"],
    ['joins other options', champion(), "{ timeout: '50ms' }", "{ champion: 'late:2', timeout: '50ms' }"],
    ['fills empty options', champion(), '{}', "{ champion: 'late:2' }"],
    [
      'stands on a line of its own where the others do',
      champion(),
      "{\n  timeout: '50ms', // soon\n}",
      "{\n  champion: 'late:2',\n  timeout: '50ms', // soon\n}",
    ],
    ['stays where it is', champion(), "{ champion: 'late:2' }", "{ champion: 'late:2' }"],
    [
      'leaves the shadows when it becomes champion: the first',
      champion(),
      "{ shadow: ['late:2', 'late:3'] }",
      "{ champion: 'late:2', shadow: ['late:3'] }",
    ],
    [
      'leaves the shadows when it becomes champion: the last',
      champion(),
      "{ champion: 'late:1', shadow: ['late:3', 'late:2'], log: 'required' }",
      "{ champion: 'late:2', shadow: ['late:3'], log: 'required' }",
    ],
    [
      'leaves the shadows when it becomes champion: the only one',
      champion(),
      "{ champion: 'late:1', shadow: ['late:2',] }",
      "{ champion: 'late:2', shadow: [] }",
    ],
    [
      'leaves the shadows with its types',
      champion(),
      "{ champion: 'late:1', shadow: ['late:3' as const, 'late:2' as const] as const }",
      "{ champion: 'late:2', shadow: ['late:3' as const] as const }",
    ],
    ['joins the shadows', shadow(), "{ shadow: ['late:3'] }", "{ shadow: ['late:3', 'late:2'] }"],
    [
      'is the first shadow',
      shadow(),
      "{ champion: 'late:1', shadow: [] }",
      "{ champion: 'late:1', shadow: ['late:2'] }",
    ],
    ['makes the list of shadows', shadow(), "{ champion: 'late:1' }", "{ shadow: ['late:2'], champion: 'late:1' }"],
    ['is a shadow once', shadow(), "{ shadow: ['late:2'] }", "{ shadow: ['late:2'] }"],
    [
      'looks through types and comments',
      shadow(),
      "{ /* shadow: ['x'] */ shadow: ['late:1' as const, /* é */] satisfies string[] }",
      "{ /* shadow: ['x'] */ shadow: ['late:1' as const, 'late:2', /* é */] satisfies string[] }",
    ],
  ])('%s', (_law, change, before, after) => {
    const call = (options: string) =>
      `${imports}export const other = deployment('other', late, { champion: 'late:1' })\nexport const a = deployment('lateness', late, ${options})\n// deployment('lateness', late, {})\n`
    expect(editDeployments(call(before), change)).toBe(call(after))
  })

  it('makes the options where there are none', () => {
    const text = `${imports}export const a = deployment(\n  'lateness',\n  late,\n)\n`
    expect(editDeployments(text, champion())).toBe(text.replace('late,\n)', "late, { champion: 'late:2' },\n)"))
  })

  it('is found under another name of the function, in TypeScript and JavaScript', () => {
    const typed =
      "import { deployment as deploy } from 'noonmark'\nexport const a = deploy<'lateness'>('lateness', late as never)\n"
    expect(editDeployments(typed, champion())).toContain("late as never, { champion: 'late:2' })")
    const spaced =
      'import * as nm from "noonmark"\nexport const a = nm.deployment("lateness", late, { champion: "late:1" })\n'
    expect(editDeployments(spaced, champion(), 'deployments.js')).toContain('{ champion: "late:2" }')
  })

  it.each<[string, string, PinChange, RegExp]>([
    [
      'the deployment is not there',
      "deployment('other', late)",
      champion(),
      /there is no call deployment\('lateness', \.\.\.\)/,
    ],
    ['another function has its name', "other.deployment('lateness', late)", champion(), /there is no call/],
    ['the name is put together', "deployment('late' + 'ness', late)", champion(), /there is no call/],
    [
      'it stands there twice',
      "[deployment('lateness', late), deployment('lateness', late)]",
      champion(),
      /declared twice/,
    ],
    [
      'the options come from elsewhere',
      "deployment('lateness', late, options)",
      champion(),
      /options are not written out/,
    ],
    [
      'the options are spread',
      "deployment('lateness', late, { ...options })",
      champion(),
      /put together from elsewhere/,
    ],
    [
      'the pin is a variable',
      "deployment('lateness', late, { champion: pin })",
      champion(),
      /champion is not a plain string/,
    ],
    [
      'the pin is a template',
      `deployment('lateness', late, { champion: \`late:\${n}\` })`,
      champion(),
      /not a plain string/,
    ],
    [
      'the shadows are a variable',
      "deployment('lateness', late, { shadow })",
      shadow(),
      /shadow is not a list written out/,
    ],
    [
      'a shadow is a variable',
      "deployment('lateness', late, { shadow: [pin] })",
      shadow(),
      /a shadow is not a plain string/,
    ],
  ])('is not edited where %s: the lines to change are shown', (_what, call, change, message) => {
    const error = refused(`${imports}export const a = ${call}\n`, change)
    expect(error.code).toBe('pin_not_literal')
    expect(error.message).toMatch(message)
    expect(error.message).toContain(change.as === 'champion' ? "champion: 'late:2'" : "shadow: [..., 'late:2']")
  })

  it('shows the line as it is', () => {
    const error = refused(`${imports}export const a = deployment('lateness', late, {\n  champion: pin,\n})`, champion())
    expect(error.path).toBe('deployments.ts:5 > deployment lateness > champion')
    expect(error.message).toContain('now:    champion: pin,')
  })

  it('is not both champion and shadow', () => {
    const error = refused(`${imports}export const a = deployment('lateness', late, { champion: 'late:2' })`, shadow())
    expect(error.code).toBe('definition_invalid')
  })

  it('is not edited in a file that cannot be parsed', () => {
    expect(refused('export const a = deployment(', champion()).code).toBe('project_invalid')
  })
})
