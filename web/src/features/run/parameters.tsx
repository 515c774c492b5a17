import { Card, EmptyState, Facts } from '../../ui/index.ts'

/** A parameter's value as it is written. */
export const valueText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** Every parameter with the value used, the trainer's defaults included. */
export function ParametersCard(props: {
  readonly parameters: Readonly<Record<string, unknown>> | null
  readonly trainer: string
  readonly seed: number
  /** Whether nothing more will be known. */
  readonly ended?: boolean
}) {
  const { parameters, trainer, seed, ended = false } = props
  return (
    <Card title="Parameters" over={`${trainer}, seed ${seed}, defaults included`}>
      {parameters === null ? (
        <EmptyState compact title={ended ? 'The run ended before its trainer was done.' : 'Not known yet.'}>
          The trainer says what it used when it is done.
        </EmptyState>
      ) : (
        <Facts
          className="sm:grid-cols-[minmax(6rem,auto)_1fr_minmax(6rem,auto)_1fr]"
          facts={Object.entries(parameters).map(([name, value]) => [
            <code key={name} className="font-mono text-xs">
              {name}
            </code>,
            valueText(value),
          ])}
        />
      )}
    </Card>
  )
}
