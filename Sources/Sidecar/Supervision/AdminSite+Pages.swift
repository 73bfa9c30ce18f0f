import SidecarConfiguration

/// What there is to be seen of a running sidecar. Another page is another line here.
extension AdminSite {
    init(_ settings: AdminSettings, readiness: Readiness, metrics: Metrics) {
        self.init(settings)
        self.add("/live", .health) { _ in LivePage.answer(fault: nil) }
        self.add("/ready", .health) { [weak readiness] request in
            ReadyPage.answer(readiness?.answer ?? .notReady([]), to: request)
        }
        self.add("/metrics", .metrics) { [weak metrics] request in
            let format = ExpositionFormat(accept: request.accept)
            let text = metrics?.text(format) ?? Exposition(format).finished()
            return AdminAnswer(.ok, type: format.contentType, body: text)
        }
    }
}
