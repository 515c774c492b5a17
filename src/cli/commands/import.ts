import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { findProjectFiles } from '../../plan/index.ts'
import { profileOf, rewrite } from '../../platform/operations-files.ts'
import { type Imported, importFile, shareOf } from '../../starter/index.ts'
import { checkTimeZone } from '../../values/index.ts'
import { type Command, optionText } from '../command.ts'
import { checkGivenFile } from '../given-file.ts'
import { textTable } from '../table.ts'

/** `noonmark import` */
export const importCommand: Command = {
  verb: ['import'],
  group: 'Begin',
  summary: 'draft a source, an entity and a moment from a file (CSV, JSON lines or Parquet), to be edited',
  arguments: [{ name: 'file', summary: 'the file; one outside of the project is copied into data/' }],
  options: [
    { name: 'name', value: 'name', summary: "what its rows are, such as orders (default: the file's name)" },
    { name: 'time-zone', value: 'zone', summary: 'the zone of times without an offset, such as Europe/Amsterdam' },
  ],
  example: 'import ../orders.csv --time-zone Europe/Amsterdam',
  async run(context, input) {
    const { rootDir } = context
    await findProjectFiles(rootDir)
    const file = resolve(input.arguments.file!)
    await checkGivenFile(file, 'file')
    await access(file)
    const name = optionText(input, 'name')
    const timeZone = optionText(input, 'time-zone') ?? null
    if (timeZone !== null) checkTimeZone(timeZone, '--time-zone')
    context.progress(`look at ${file}`, 0, 0)
    const imported = await importFile({
      rootDir,
      file,
      timeZone,
      profile: profileOf,
      rewrite,
      ...(name === undefined ? {} : { name }),
    })
    const { profile, reading, ...json } = imported
    return {
      json: {
        ...json,
        id: reading.id,
        event_time: reading.eventTime,
        end_time: reading.endTime,
        entities: reading.entities,
        columns: profile.columns.map(({ name: column, type, nulls, distinct }) => ({
          name: column,
          type,
          nulls,
          distinct,
          suspicious: reading.unknown.get(column) ?? reading.strange.get(column) ?? null,
        })),
      },
      text: importedText(imported),
    }
  },
}

function importedText({ profile, reading, renamed, look, files, rows }: Imported): string {
  const role = (column: string): string =>
    column === reading.id
      ? 'id'
      : column === reading.eventTime
        ? 'event time'
        : column === reading.endTime
          ? 'when it came true?'
          : column === reading.entities[0]
            ? 'entity'
            : ''
  const table = textTable(
    ['column', 'type', 'values', 'missing', 'seems to be', 'suspicious'],
    profile.columns.map(({ name, type, distinct, nulls }) => [
      name,
      type,
      distinct,
      nulls === 0 ? '' : shareOf(nulls / rows),
      role(name),
      reading.unknown.get(name) ?? '',
    ]),
  )
  const names = Object.entries(renamed).map(([before, after]) => `  '${before}' is ${after} now`)
  return [
    `${rows} rows`,
    table,
    '',
    ...(names.length === 0 ? [] : ['Names that definitions cannot use were changed in the copy:', ...names, '']),
    `Written: ${files.join(', ')}`,
    `To be looked at there, ${look.length} lines marked LOOK:`,
    ...look.map((text) => `  ${text}`),
    '',
    'Then `noonmark plan` shows what it means; docs/start.md goes on to a model.',
  ].join('\n')
}
