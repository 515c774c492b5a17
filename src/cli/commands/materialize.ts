import { noonmarkError } from '../../errors.ts'
import { fillDeclared, writerHere } from '../../platform/filling.ts'
import { openWriter } from '../../platform/writing.ts'
import type { Command } from '../command.ts'
import { textTable } from '../table.ts'

/** `noonmark materialize` */
export const materialize: Command = {
  verb: ['materialize'],
  group: 'Data and features',
  summary: 'fold history into the online store: features that are declared and not filled yet',
  arguments: [{ name: 'view', summary: 'only the source of this feature view', optional: true }],
  example: 'materialize airport_punctuality',
  async run(context, input) {
    const platform = await context.platform()
    const { manifest } = await platform.applied()
    const { view } = input.arguments
    if (view !== undefined && manifest.featureViews[view] === undefined) {
      throw noonmarkError('not_found', {
        message: `There is no feature view ${view}.`,
        hint: `The views are ${Object.keys(manifest.featureViews).join(', ')}.`,
        path: 'view',
      })
    }
    const only = view === undefined ? undefined : [manifest.featureViews[view]!.source]
    const open = await openWriter(platform)
    try {
      const filled = await fillDeclared(platform, writerHere(open.writer), {
        onProgress: context.progress,
        ...(only === undefined ? {} : { only }),
      })
      const rows = Object.entries(filled).map(([source, features]) => [source, features])
      return {
        json: { filled },
        text: rows.length === 0 ? 'Everything declared is filled.' : textTable(['source', 'features filled'], rows),
      }
    } finally {
      await open.close()
    }
  },
}
