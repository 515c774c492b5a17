import type { CSSProperties, FocusEventHandler, MouseEventHandler, ReactNode } from 'react'
import { useMemo, useState } from 'react'
import { useWidth } from '../../charts/size.ts'
import { classes, type Tone } from '../../ui/index.ts'
import { type GraphEdge, type GraphNode, layersOf, relativesOf } from './layered-graph.ts'

/** What a box hands to the link around it. */
export interface BoxLink {
  readonly className: string
  readonly style: CSSProperties
  readonly children: ReactNode
  readonly onFocus: FocusEventHandler
  readonly onBlur: FocusEventHandler
  readonly onMouseEnter: MouseEventHandler
  readonly onMouseLeave: MouseEventHandler
}

/** A box of the picture: what kind of thing it is, its name, and a line about it. */
export interface PictureNode extends GraphNode {
  readonly kind: string
  readonly name: string
  readonly detail?: string
  /** Other boxes stand around the one that the page is about. */
  readonly tone?: Extract<Tone, 'accent' | 'good' | 'warn' | 'bad'>
  /** Makes the box a link. */
  readonly link?: (props: BoxLink) => ReactNode
}

const box = { least: 132, most: 200, height: 62, columnGap: 26, rowGap: 12 } as const

const borders: Readonly<Record<NonNullable<PictureNode['tone']>, string>> = {
  accent: 'border-accent bg-accent-soft',
  good: 'border-good bg-good-soft',
  warn: 'border-warn bg-warn-soft',
  bad: 'border-bad bg-bad-soft',
}

/**
 * What is made of what, from left to right. Pointing at a box, or reaching it by the keyboard, leaves only what it is made of
 * and what is made of it.
 */
export function LineagePicture(props: {
  /** What the picture shows, for those who do not see it. */
  readonly label: string
  readonly nodes: readonly PictureNode[]
  readonly edges: readonly GraphEdge[]
}) {
  const { label, nodes, edges } = props
  const [shown, setShown] = useState<string | null>(null)
  const [holder, room] = useWidth<HTMLElement>()
  const { places, boxWidth, width, height } = useMemo(() => placesOf(nodes, edges, room), [nodes, edges, room])
  const near = useMemo(() => (shown === null ? null : relativesOf(shown, edges)), [shown, edges])
  const names = new Map(nodes.map(({ id, name }) => [id, name]))
  const isNear = (id: string): boolean => near === null || near.has(id)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable
    <section ref={holder} aria-label={label} tabIndex={0} className="overflow-x-auto rounded-lg pb-1">
      <div className="relative" style={{ width, height }}>
        <svg aria-hidden="true" width={width} height={height} className="absolute inset-0">
          {edges.map(({ from, to }) => {
            const [start, end] = [places.get(from), places.get(to)]
            if (start === undefined || end === undefined) return null
            const lit = near?.has(from) && near.has(to)
            return (
              <path
                key={`${from} ${to}`}
                d={curve(start, end, boxWidth)}
                fill="none"
                className={classes('transition-opacity', lit ? 'stroke-accent' : 'stroke-line-strong')}
                strokeWidth={1.5}
                opacity={near === null || lit ? 1 : 0.25}
              />
            )
          })}
        </svg>
        <ul>
          {nodes.map((node) => {
            const madeOf = edges.filter(({ to }) => to === node.id).map(({ from }) => names.get(from))
            return (
              <li key={node.id}>
                <Box
                  node={node}
                  madeOf={madeOf.join(', ')}
                  place={places.get(node.id) ?? { x: 0, y: 0 }}
                  width={boxWidth}
                  dim={!isNear(node.id)}
                  onShow={setShown}
                />
              </li>
            )
          })}
        </ul>
      </div>
    </section>
  )
}

function Box(props: {
  readonly node: PictureNode
  readonly madeOf: string
  readonly place: Place
  readonly width: number
  readonly dim: boolean
  readonly onShow: (id: string | null) => void
}) {
  const { node, madeOf, place, width, dim, onShow } = props
  const children = (
    <>
      <span className="block truncate text-2xs text-faint">{node.kind}</span>
      <span className="block truncate text-[0.8rem] font-medium" title={node.name}>
        {node.name}
      </span>
      {node.detail === undefined ? null : (
        <span className="block truncate text-2xs text-muted" title={node.detail}>
          {node.detail}
        </span>
      )}
      {madeOf === '' ? null : <span className="sr-only">made of {madeOf}</span>}
    </>
  )
  const shared: BoxLink = {
    className: classes(
      'absolute block rounded-lg border px-2.5 py-1.5 text-left transition-opacity',
      node.tone === undefined ? 'border-line bg-surface' : borders[node.tone],
      node.link !== undefined && 'hover:border-accent',
      dim && 'opacity-30',
    ),
    style: { left: place.x, top: place.y, width, height: box.height },
    children,
    onFocus: () => onShow(node.id),
    onBlur: () => onShow(null),
    onMouseEnter: () => onShow(node.id),
    onMouseLeave: () => onShow(null),
  }
  return node.link === undefined ? <div {...shared} /> : node.link(shared)
}

interface Place {
  readonly x: number
  readonly y: number
}

interface Picture {
  readonly places: ReadonlyMap<string, Place>
  readonly boxWidth: number
  readonly width: number
  readonly height: number
}

/** Boxes are as wide as there is room for, within what can be read; where that is too little, the picture scrolls. */
function placesOf(nodes: readonly PictureNode[], edges: readonly GraphEdge[], room: number): Picture {
  const layers = layersOf(nodes, edges)
  const gaps = box.columnGap * (layers.length - 1)
  const boxWidth = Math.floor(Math.min(box.most, Math.max(box.least, (room - gaps) / Math.max(1, layers.length))))
  // What is left over goes between the boxes, so that arrows have room to bend.
  const free = layers.length < 2 ? 0 : (room - boxWidth * layers.length) / (layers.length - 1)
  const step = boxWidth + Math.max(box.columnGap, Math.min(free, 3 * box.columnGap))
  const heightOf = (count: number): number => count * (box.height + box.rowGap) - box.rowGap
  const height = Math.max(0, ...layers.map((layer) => heightOf(layer.length)))
  const places = new Map(
    layers.flatMap((layer, column) =>
      layer.map((node, row): [string, Place] => [
        node.id,
        { x: column * step, y: (height - heightOf(layer.length)) / 2 + row * (box.height + box.rowGap) },
      ]),
    ),
  )
  return { places, boxWidth, width: Math.max(0, (layers.length - 1) * step + boxWidth), height }
}

function curve(from: Place, to: Place, boxWidth: number): string {
  const [x1, y1, x2, y2] = [from.x + boxWidth, from.y + box.height / 2, to.x, to.y + box.height / 2]
  const bend = Math.max(box.columnGap / 2, (x2 - x1) / 2)
  return `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`
}
