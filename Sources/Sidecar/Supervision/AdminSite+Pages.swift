import SidecarConfiguration

/// What there is to be seen of a running sidecar. Another page is another line here.
extension AdminSite {
    init(_ settings: AdminSettings, readiness: Readiness) {
        self.init(settings)
        self.add("/live", .health) { _ in LivePage.answer(fault: nil) }
        self.add("/ready", .health) { [weak readiness] request in
            ReadyPage.answer(readiness?.answer ?? .notReady([]), to: request)
        }
    }
}
