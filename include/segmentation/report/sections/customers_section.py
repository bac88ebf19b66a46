"""A searchable table with a sample of the customers."""

from include.segmentation.report.queries.customer_queries import write_identity_query
from include.segmentation.report.sections.report_context import ReportContext
from include.segmentation.report.sections.section import Sheet
from include.segmentation.report.sections.section_template import render_template


def make_customers_sheet(report: ReportContext) -> list[Sheet]:
    """Show a sample of the customers; the page's script fills the table."""
    body = render_template(
        __file__,
        shown=len(report.answers.customers),
        customers=report.answers.now.customers,
        noun=report.profile.customers,
        query=write_identity_query(report.run),
    )
    return [Sheet("customers", "Customers", body=body)]
