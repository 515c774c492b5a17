import * as Plot from '@observablehq/plot'
import { useEffect } from 'react'
import type { PlotChartProps } from './plot-chart.tsx'
import { useWidth } from './size.ts'

/** Draws marks into the page, anew when they or the width change. */
export default function PlotDrawing(props: { readonly draw: PlotChartProps['draw']; readonly height: number }) {
  const { draw, height } = props
  const [holder, width] = useWidth<HTMLDivElement>()
  useEffect(() => {
    const element = holder.current
    if (element === null || width === 0) return
    const drawing = Plot.plot({
      width,
      height,
      marginTop: 12,
      marginRight: 10,
      ...draw(Plot, width),
      style: {
        background: 'transparent',
        color: 'var(--faint)',
        fontFamily: 'inherit',
        fontSize: '11px',
        overflow: 'visible',
      },
    })
    drawing.setAttribute('aria-hidden', 'true')
    element.replaceChildren(drawing)
    return () => drawing.remove()
  }, [holder, width, height, draw])
  return <div ref={holder} style={{ minHeight: height }} />
}
