import { useNavigate } from '@tanstack/react-router'
import type { ModelReport, VersionDetail } from '../../../../src/http/reports.ts'
import { IntervalPlot } from '../../charts/interval-plot.tsx'
import { formatDifference, formatFixed, formatRange, plural } from '../../format/number.ts'
import { formatMinute } from '../../format/time.ts'
import { Badge, Card, Stat, TextLink } from '../../ui/index.ts'

/** The version that the page shows: its figures with the baseline's beside them, and the way to other versions. */
export function VersionSummary(props: { readonly model: ModelReport; readonly version: VersionDetail }) {
  const { model, version } = props
  const { validation, baseline } = version
  const beside = (value: number | null | undefined, difference: number): string =>
    value == null ? 'no baseline' : `baseline ${formatFixed(value, 4)}, ${formatDifference(difference, 4)}`
  const minus = (one: number | null, other: number | null | undefined): number => (one ?? 0) - (other ?? 0)
  const failed = version.checks.filter(({ passed }) => !passed).length
  return (
    <Card
      title={
        <span className="flex flex-wrap items-center gap-2">
          {version.version}
          <Badge tone={version.passed ? 'good' : 'bad'}>
            {version.passed ? 'checks passed' : `${plural(failed, 'check')} failed`}
          </Badge>
          {version.deployed.map(({ deployment, part }) => (
            <Badge key={`${deployment} ${part}`} tone={part === 'champion' ? 'accent' : 'neutral'}>
              {part} in {deployment}
            </Badge>
          ))}
        </span>
      }
      over={
        <>
          {version.trainer}, {formatMinute(version.created_at)}, of run{' '}
          <TextLink to="/runs/$id" params={{ id: version.run }}>
            {version.run.slice(-8)}
          </TextLink>
        </>
      }
      actions={<VersionChoice model={model} chosen={version.number} />}
    >
      <div className="grid grid-cols-2 gap-4 lg:grid-cols-4">
        <Stat
          label="AUC"
          value={formatFixed(validation.auc)}
          interval={formatRange(validation.auc_low, validation.auc_high)}
          over={
            baseline == null
              ? 'no baseline'
              : `baseline ${formatFixed(baseline.auc)} ${formatRange(baseline.auc_low, baseline.auc_high)}`
          }
        />
        <Stat
          label="Log loss"
          value={formatFixed(validation.log_loss, 4)}
          over={beside(baseline?.log_loss, minus(validation.log_loss, baseline?.log_loss))}
        />
        <Stat
          label="Brier score"
          value={formatFixed(validation.brier, 4)}
          over={beside(baseline?.brier, minus(validation.brier, baseline?.brier))}
        />
        <Stat
          label="Calibration error"
          value={formatFixed(validation.calibration_error, 4)}
          over={beside(baseline?.calibration_error, minus(validation.calibration_error, baseline?.calibration_error))}
        />
      </div>
      <p className="mt-3 text-xs text-faint">
        On {plural(validation.rows, 'validation row')}, {plural(validation.positives, 'of them', 'of them')} with label
        1, all later than the {plural(version.training_rows, 'training row')}. The AUC stands with its 95 % interval
        (DeLong).
      </p>
    </Card>
  )
}

function VersionChoice({ model, chosen }: { readonly model: ModelReport; readonly chosen: number }) {
  const navigate = useNavigate()
  return (
    <label className="flex items-center gap-2 text-xs text-muted">
      Version
      <select
        value={chosen}
        onChange={({ target: { value } }) =>
          void navigate({
            to: '/models/$name',
            params: { name: model.name },
            search: (before: { tab?: string }) => ({ ...before, version: Number(value) }),
          })
        }
        className="rounded-lg border border-line-strong bg-surface px-2 py-1 text-sm text-ink"
      >
        {model.versions.map(({ number, deployed, passed }) => (
          <option key={number} value={number}>
            {number}
            {deployed.map(({ part }) => `, ${part}`).join('')}
            {passed ? '' : ', failed'}
          </option>
        ))}
      </select>
    </label>
  )
}

const mostShown = 8

/** Versions on one scale: whether they differ is seen where their intervals part. */
export function VersionsPlot({ model }: { readonly model: ModelReport }) {
  const { versions } = model
  const rule = versions.find(({ baseline }) => baseline !== null)?.baseline
  return (
    <IntervalPlot
      label="AUC of versions on their validation rows, with 95 % intervals"
      rows={[
        ...versions.slice(0, mostShown).map(({ version, validation, trainer, deployed }) => ({
          name: version,
          color: (deployed.some(({ part }) => part === 'champion') ? 1 : deployed.length > 0 ? 2 : 4) as 1 | 2 | 4,
          value: validation.auc,
          low: validation.auc_low,
          high: validation.auc_high,
          over: trainer,
        })),
        ...(rule == null
          ? []
          : [
              {
                name: 'baseline rule',
                color: 3 as const,
                value: rule.auc,
                low: rule.auc_low,
                high: rule.auc_high,
                over: plural(rule.rows, 'row'),
              },
            ]),
      ]}
    />
  )
}
