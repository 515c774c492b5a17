import { EmptyState, Page } from '../../ui/index.ts'

export function FeatureViewPage() {
  return (
    <Page name="Feature view">
      <EmptyState title="On its way." />
    </Page>
  )
}
