import { useQuery } from '@tanstack/react-query'
import { overviewQuery } from '../../api/queries.ts'
import { plural } from '../../format/number.ts'
import { Card, Page, QueryView } from '../../ui/index.ts'
import { FeatureViewTable } from '../overview/feature-view-table.tsx'

/** All feature views, and how fresh each is. */
export function FeatureViewsPage() {
  const query = useQuery(overviewQuery)
  return (
    <Page
      name="Feature views"
      description="Features by the entity that they describe and the source that they come from."
    >
      <QueryView query={query}>
        {({ feature_views: views }) => (
          <Card flush title={plural(views.length, 'feature view')}>
            <FeatureViewTable views={views} />
          </Card>
        )}
      </QueryView>
    </Page>
  )
}
