import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { statusQuery } from '../api/queries.ts'
import { formatDay } from '../format/time.ts'

/** The platform's clock. A real one goes on between two answers of the server; a replay clock stands still until it is moved. */
export function PlatformClock() {
  const { data, dataUpdatedAt } = useQuery(statusQuery)
  const [, tick] = useState(0)
  const runs = data !== undefined && !data.clock.replay
  useEffect(() => {
    if (!runs) return
    const timer = setInterval(() => tick((count) => count + 1), 1000)
    return () => clearInterval(timer)
  }, [runs])
  if (data === undefined) return null
  const now = Date.parse(data.clock.now) + (runs ? Math.max(0, Date.now() - dataUpdatedAt) : 0)
  return (
    <div className="text-xs leading-5 text-muted">
      <time dateTime={new Date(now).toISOString()} className="figure block font-medium text-ink">
        {formatDay(now)}, {new Date(now).toISOString().slice(11, 19)}
      </time>
      {data.clock.replay ? 'UTC · replay clock' : 'UTC · clock of the platform'}
    </div>
  )
}
