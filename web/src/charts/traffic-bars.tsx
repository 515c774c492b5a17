/** Counts over time as bars, small: no axis, the greatest fills the height. Drawn without a library, so that it is there at once. */
export function TrafficBars(props: {
  /** The picture in one sentence, with its figures. */
  readonly label: string
  readonly points: readonly { readonly count: number; readonly fallbacks: number }[]
  readonly height?: number
  readonly className?: string
}) {
  const { label, points, height = 40, className } = props
  const most = Math.max(1, ...points.map(({ count }) => count))
  const scale = (count: number) => (count === 0 ? 0 : Math.max(1, (count / most) * height))
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${Math.max(1, points.length) * 4} ${height}`}
      preserveAspectRatio="none"
      className={className}
      style={{ height, width: '100%' }}
    >
      <line
        x1="0"
        x2="100%"
        y1={height - 0.5}
        y2={height - 0.5}
        stroke="var(--line-strong)"
        vectorEffect="non-scaling-stroke"
      />
      {points.map(({ count, fallbacks }, index) => {
        const [all, others] = [scale(count), scale(fallbacks)]
        return (
          <g key={index}>
            <rect
              x={index * 4 + 0.5}
              width="3"
              y={height - all}
              height={Math.max(0, all - others)}
              fill="var(--series-1)"
            />
            {others === 0 ? null : (
              <rect x={index * 4 + 0.5} width="3" y={height - others} height={others} fill="var(--series-2)" />
            )}
          </g>
        )
      })}
    </svg>
  )
}
