import { noonmarkError } from '../../errors.ts'
import {
  type CatalogEntry,
  type CatalogKind,
  catalogKinds,
  type Lineage,
  type LineageNode,
  lineageOf,
  searchCatalog,
} from '../../plan/index.ts'
import { trainingRecords } from '../../platform/operations-records.ts'
import { type VersionLineageJson, versionLineageOf } from '../../registry/index.ts'
import { type Command, type CommandInput, type CommandOutput, optionText } from '../command.ts'
import { remote, search } from '../remote.ts'
import { textTable } from '../table.ts'
import { versionLineageText } from './run-text.ts'
import { versionPath } from './versions.ts'

function kindOf(text: string, path: string): CatalogKind {
  const kind = catalogKinds.find((known) => known === text)
  if (kind !== undefined) return kind
  throw noonmarkError('request_invalid', {
    message: `'${text}' is no kind of definition.`,
    hint: `The kinds are ${catalogKinds.join(', ')}; the lineage of a version is known too.`,
    path,
  })
}

function lineageOutput(lineage: Lineage): CommandOutput {
  const { kind, name, means, description, owner, file } = lineage
  const nodes = (title: string, list: readonly LineageNode[], none: string): string[] => {
    const line = (is: boolean, words: string): string[] => {
      const names = list.filter(({ direct }) => direct === is).map((one) => `${one.kind} ${one.name}`)
      return names.length === 0 ? [] : [`  ${words}${names.join(`\n  ${' '.repeat(words.length)}`)}`]
    }
    return [
      '',
      title,
      ...(list.length === 0 ? [`  ${none}`] : [...line(true, ''), ...line(false, 'by way of these: ')]),
    ]
  }
  return {
    json: lineage,
    text: [
      `${kind} ${name}: ${means}`,
      ...(description === null ? [] : [description]),
      [owner === null ? null : `owner ${owner}`, file].filter((part) => part !== null).join(', '),
      ...nodes('Made of', lineage.made_of, 'nothing else'),
      ...nodes('Used by', lineage.used_by, 'nobody'),
    ].join('\n'),
  }
}

const versionOutput = (lineage: VersionLineageJson): CommandOutput => ({
  json: lineage,
  text: versionLineageText(lineage),
})

const isVersion = (input: CommandInput): boolean => input.arguments.kind === 'version'

/** `noonmark lineage` */
export const lineage: Command = {
  verb: ['lineage'],
  group: 'Look around',
  summary: 'what a definition is made of, down to columns, and who uses it, up to deployments',
  arguments: [
    { name: 'kind', summary: `${catalogKinds.join(', ')} or version` },
    { name: 'name', summary: 'its name; a feature is view:feature, a column source.column, a version model:number' },
  ],
  example: 'lineage column landings.arrival_delay',
  async run(context, input) {
    const platform = await context.platform()
    const name = input.arguments.name!
    if (isVersion(input)) return versionOutput(versionLineageOf(await trainingRecords(platform).version(name)))
    const kind = kindOf(input.arguments.kind!, 'kind')
    return lineageOutput(lineageOf((await platform.applied()).manifest, kind, name))
  },
  remote: remote<Lineage | VersionLineageJson>({
    method: 'GET',
    path(input) {
      const name = input.arguments.name!
      if (isVersion(input)) return `${versionPath(name)}/lineage`
      return `/v1/lineage/${kindOf(input.arguments.kind!, 'kind')}/${encodeURIComponent(name)}`
    },
    output: (answer) => ('made_of' in answer ? lineageOutput(answer) : versionOutput(answer)),
  }),
}

function searchOutput({ entries }: { readonly entries: readonly CatalogEntry[] }): CommandOutput {
  return {
    json: { entries },
    text:
      entries.length === 0
        ? 'Nothing of that is defined.'
        : textTable(
            ['kind', 'name', 'what it is', 'owner', 'file'],
            entries.map(({ kind, name, means, owner, file }) => [kind, name, means, owner, file]),
          ),
  }
}

/** `noonmark catalog search` */
export const catalogSearch: Command = {
  verb: ['catalog', 'search'],
  group: 'Look around',
  summary: 'find what is defined by words of its name, meaning, description, owner or columns',
  arguments: [{ name: 'text', summary: 'words that all have to occur; everything where left out', optional: true }],
  options: [{ name: 'kind', value: 'kind', summary: `only ${catalogKinds.join(', ')}` }],
  example: 'catalog search "late share" --kind feature',
  async run(context, input) {
    const kind = optionText(input, 'kind')
    const { manifest } = await (await context.platform()).applied()
    return searchOutput({
      entries: searchCatalog(manifest, {
        query: input.arguments.text ?? '',
        kind: kind === undefined ? null : kindOf(kind, '--kind'),
      }),
    })
  },
  remote: remote<{ entries: readonly CatalogEntry[] }>({
    method: 'GET',
    path(input) {
      const kind = optionText(input, 'kind')
      return `/v1/catalog${search({
        query: input.arguments.text ?? '',
        kind: kind === undefined ? undefined : kindOf(kind, '--kind'),
      })}`
    },
    output: searchOutput,
  }),
}
