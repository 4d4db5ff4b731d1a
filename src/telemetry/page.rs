//! The process's own metrics, read from the page that Prometheus gets: what is shown to people is then
//! what is measured.

/// A page of metrics as Prometheus reads it.
#[derive(Debug)]
pub(crate) struct MetricsPage(pub(crate) String);

impl MetricsPage {
    /// The values of a metric, each with its labels.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
        self.0.lines().filter_map(move |line| {
            let rest = line.strip_prefix(name)?;
            let (labels, value) = match rest.strip_prefix('{') {
                Some(rest) => rest.rsplit_once("} ")?,
                None => ("", rest.strip_prefix(' ')?),
            };
            Some((labels, value.parse().ok()?))
        })
    }

    /// The sum of a metric over the values of its labels, or over those that are named.
    pub(crate) fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        let wanted =
            |held: &str| labels.is_empty() || labels.iter().any(|label| held.contains(label));
        self.values(name).filter(|(held, _)| wanted(held)).map(|(_, value)| value).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_with_their_labels_and_summed() {
        let page = MetricsPage(
            "# HELP nashra_polls_total Polls\nnashra_polls_total{outcome=\"read\"} 3\nnashra_polls_total{outcome=\"failed\"} 4\nnashra_polls_total_x 9\nnashra_store_bytes 1e3\n"
                .to_owned(),
        );
        let sums = [
            page.sum("nashra_polls_total", &[]),
            page.sum("nashra_polls_total", &["outcome=\"read\""]),
            page.sum("nashra_store_bytes", &[]),
            page.sum("nashra_gone", &[]),
        ];
        assert_eq!(sums.map(|sum| sum.abs().to_string()), ["7", "3", "1000", "0"]);
        let first = page.values("nashra_polls_total").next();
        assert_eq!(first, Some(("outcome=\"read\"", 3.0)));
    }
}
