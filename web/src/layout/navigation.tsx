import { useQuery } from '@tanstack/react-query'
import { Link, type LinkProps } from '@tanstack/react-router'
import { Activity, Boxes, Gauge, Layers, Rocket } from 'lucide-react'
import type { ReactNode } from 'react'
import { overviewQuery } from '../api/queries.ts'

/** The rooms of the product, and the definitions in each, so that every page is one step away. */
export function Navigation(props: { readonly onNavigate?: () => void }) {
  const { data } = useQuery(overviewQuery)
  const close = props.onNavigate
  return (
    <nav aria-label="Main" className="space-y-5 text-sm">
      <Group>
        <Item to="/" exact icon={<Gauge size={16} aria-hidden />} onClick={close}>
          Overview
        </Item>
        <Item to="/runs" icon={<Activity size={16} aria-hidden />} onClick={close}>
          Runs
        </Item>
      </Group>
      <Group title="Deployments" icon={<Rocket size={13} aria-hidden />}>
        {data?.deployments.map(({ name }) => (
          <Item key={name} to="/deployments/$name" params={{ name }} onClick={close}>
            {name}
          </Item>
        ))}
      </Group>
      <Group title="Models" to="/models" onNavigate={close} icon={<Boxes size={13} aria-hidden />}>
        {data?.models.map(({ name }) => (
          <Item key={name} to="/models/$name" params={{ name }} onClick={close}>
            {name}
          </Item>
        ))}
      </Group>
      <Group title="Feature views" to="/feature-views" onNavigate={close} icon={<Layers size={13} aria-hidden />}>
        {data?.feature_views.map(({ name }) => (
          <Item key={name} to="/feature-views/$name" params={{ name }} onClick={close}>
            {name}
          </Item>
        ))}
      </Group>
    </nav>
  )
}

function Group(props: {
  readonly title?: string
  /** The page of all of them. */
  readonly to?: '/models' | '/feature-views'
  readonly onNavigate?: (() => void) | undefined
  readonly icon?: ReactNode
  readonly children: ReactNode
}) {
  const { title, to, onNavigate, icon, children } = props
  if (Array.isArray(children) && children.length === 0) return null
  return (
    <div>
      {title === undefined ? null : (
        <h2 className="mb-1 flex items-center gap-1.5 px-2.5 text-2xs font-semibold tracking-wide text-faint uppercase">
          {icon}
          {to === undefined ? (
            title
          ) : (
            <Link
              to={to}
              {...(onNavigate === undefined ? {} : { onClick: onNavigate })}
              className="rounded underline-offset-4 hover:text-ink hover:underline"
            >
              {title}
            </Link>
          )}
        </h2>
      )}
      <ul className="space-y-px">{children}</ul>
    </div>
  )
}

function Item(props: {
  readonly to: '/' | '/runs' | '/deployments/$name' | '/models/$name' | '/feature-views/$name'
  readonly params?: { readonly name: string }
  readonly exact?: boolean
  readonly icon?: ReactNode
  readonly onClick?: (() => void) | undefined
  readonly children: ReactNode
}) {
  const { to, params, exact = false, icon, onClick, children } = props
  // `to` and `params` belong together by the callers above; the router's own type cannot follow a property.
  const target = { to, ...(params === undefined ? {} : { params }) } as LinkProps
  return (
    <li>
      <Link
        {...target}
        {...(onClick === undefined ? {} : { onClick })}
        activeOptions={{ exact, includeSearch: false }}
        className="flex items-center gap-2 rounded-lg px-2.5 py-1.5 text-muted hover:bg-sunken hover:text-ink data-[status=active]:bg-sunken data-[status=active]:font-medium data-[status=active]:text-ink"
      >
        {icon}
        <span className="min-w-0 break-words">{children}</span>
      </Link>
    </li>
  )
}
