import { CircleCheck, CircleX } from 'lucide-react'
import type { Check } from '../../../../src/http/reports.ts'
import { plural } from '../../format/number.ts'
import { Card, classes, EmptyState } from '../../ui/index.ts'
import { CheckDetail } from './check-detail.tsx'

/** Every check with its verdict, and behind each what decided: rows, slices, columns. The failed stand first and open. */
export function CheckList(props: { readonly checks: readonly Check[]; readonly over: string }) {
  const { checks, over } = props
  const failed = checks.filter(({ passed }) => !passed)
  const passed = checks.length - failed.length
  if (checks.length === 0) {
    return (
      <Card title="Checks">
        <EmptyState compact title="Nothing was checked.">
          A model names what its versions must pass in <code>checks</code>; without any, every version passes.
        </EmptyState>
      </Card>
    )
  }
  return (
    <Card title={`${passed} of ${plural(checks.length, 'check')} passed`} over={over}>
      <ul className="-mx-4 -mb-4 divide-y divide-line border-t border-line sm:-mx-5 sm:-mb-5">
        {[...failed, ...checks.filter((check) => check.passed)].map((check) => (
          <li key={check.name}>
            <CheckEntry check={check} />
          </li>
        ))}
      </ul>
    </Card>
  )
}

function CheckEntry({ check }: { readonly check: Check }) {
  const { name, passed, summary, detail } = check
  const Mark = passed ? CircleCheck : CircleX
  const heading = (
    <span className="flex min-w-0 gap-2.5">
      <Mark size={17} className={classes('mt-0.5 shrink-0', passed ? 'text-good' : 'text-bad')} aria-hidden />
      <span className="min-w-0">
        <span className="font-medium">{name}</span> <span className="sr-only">{passed ? 'passed' : 'failed'}: </span>
        <span className="block text-sm break-words text-muted">{summary}</span>
      </span>
    </span>
  )
  if (!hasDetail(detail)) return <div className="px-4 py-3 sm:px-5">{heading}</div>
  return (
    <details open={!passed}>
      <summary className="list-none px-4 py-3 hover:bg-sunken focus-visible:-outline-offset-2 sm:px-5 [&::-webkit-details-marker]:hidden">
        {heading}
        <span className="ml-[1.7rem] text-xs font-medium text-accent">What decided</span>
      </summary>
      <div className="px-4 pb-4 pl-[2.7rem] sm:px-5 sm:pl-[2.95rem]">
        <CheckDetail check={check} />
      </div>
    </details>
  )
}

const hasDetail = (detail: Check['detail']): boolean =>
  Object.values(detail).some((value) => value !== null && !(Array.isArray(value) && value.length === 0))
