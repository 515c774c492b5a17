import type { TrainingSetReport } from '../../../../src/http/reports.ts'
import { formatCount, formatShare, plural } from '../../format/number.ts'
import { formatMinute } from '../../format/time.ts'
import { Card, Facts, Tooltip } from '../../ui/index.ts'

/** The part of a digest that tells it from others. */
export const shortDigest = (digest: string): string => digest.slice(0, 12)

/** A digest, short; whole when pointed at. */
export function Digest({ digest }: { readonly digest: string }) {
  return (
    <code className="font-mono text-xs" title={digest}>
      {shortDigest(digest)}
    </code>
  )
}

/** The frozen rows that a version was fitted and judged on, down to the files. */
export function TrainingSetCard({ set }: { readonly set: TrainingSetReport }) {
  const { rows, label_status: labels, tables } = set
  const known = Object.entries(labels).filter(([, count]) => count > 0)
  return (
    <Card title="Training set" over={`${plural(rows.spine, 'moment')} asked for, frozen and named by its content`}>
      <div className="space-y-5">
        <Facts
          facts={[
            ['Trained on', plural(rows.training, 'row')],
            ['Validated on', `${plural(rows.validation, 'later row')}`],
            ['Moments', periodOf(set)],
            ['Labels known at', formatMinute(set.cut)],
            [
              'Labels',
              <span key="labels">
                {known.map(([status, count], index) => (
                  <span key={status}>
                    {index > 0 ? ', ' : ''}
                    {formatCount(count)} {status} ({formatShare(count / rows.spine)})
                  </span>
                ))}
              </span>,
            ],
            [
              <Tooltip
                key="logged"
                content="A moment that was served says for which instant of each source its answer spoke; other moments take the source's own times."
              >
                Instants that answers logged
              </Tooltip>,
              plural(set.logged_as_of, 'row'),
            ],
            ['Content', <Digest key="content" digest={set.content} />],
            ['Identity', <Digest key="identity" digest={set.identity} />],
          ]}
        />
        <ul className="space-y-2 text-sm">
          {tables.map(({ source, digest, cutover, files }) => (
            <li key={source} className="rounded-lg border border-line px-3 py-2">
              <span className="font-medium">{source}</span>{' '}
              <span className="text-xs text-faint">
                table <Digest digest={digest} />
                {cutover === null ? '' : `, history until ${formatMinute(cutover)}`}
              </span>
              <ul className="mt-1 space-y-0.5">
                {files.map(({ path, sha256, rows: count }) => (
                  <li key={path} className="flex flex-wrap gap-x-3 text-xs text-muted">
                    <code className="font-mono break-all text-ink">{path}</code>
                    <span>{plural(count, 'row')}</span>
                    <span title={sha256}>
                      sha256 <Digest digest={sha256} />
                    </span>
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
      </div>
    </Card>
  )
}

function periodOf({ from, to }: TrainingSetReport): string {
  if (from === null && to === null) return 'all that there are'
  const [first, last] = [from === null ? 'the first' : formatMinute(from), to === null ? 'the last' : formatMinute(to)]
  return `from ${first} until before ${last}`
}
