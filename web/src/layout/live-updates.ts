import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import type { PlatformStatus } from '../../../src/http/reports.ts'
import { queryClient, statusQuery } from '../api/queries.ts'

/** Which pages show what has changed, by the first part of their query's key. */
const affected: Readonly<Record<keyof PlatformStatus['changes'], readonly string[]>> = {
  definitions: ['overview', 'deployment', 'feature-view', 'model'],
  runs: ['overview', 'runs', 'model'],
  versions: ['overview', 'model', 'deployment'],
  predictions: ['overview', 'deployment', 'predictions'],
  report: ['overview', 'deployment', 'feature-view'],
}

/** Asks again for what has changed, by the marks that the platform's status holds. */
export function useLiveUpdates(): void {
  const changes = useQuery(statusQuery).data?.changes
  const seen = useRef<PlatformStatus['changes'] | undefined>(undefined)
  useEffect(() => {
    if (changes === undefined) return
    const before = seen.current
    seen.current = changes
    if (before === undefined) return
    const keys = new Set<string>()
    for (const kind of Object.keys(affected) as (keyof typeof affected)[]) {
      if (before[kind] !== changes[kind]) for (const key of affected[kind]) keys.add(key)
    }
    for (const key of keys) void queryClient.invalidateQueries({ queryKey: [key] })
  }, [changes])
}
