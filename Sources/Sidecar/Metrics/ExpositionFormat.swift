/// In which of the two text formats the metrics are written.
enum ExpositionFormat: Sendable, CaseIterable {
    /// Prometheus' own, 0.0.4.
    case prometheus
    /// OpenMetrics 1.0.
    case openMetrics

    /// The best of those that a client takes: OpenMetrics only if it asks for that by name.
    ///
    /// - Parameter accept: the value of the header `Accept`; nil if there is none.
    init(accept: String?) {
        let isAskedFor = accept?.split(separator: ",").contains { range in
            let fields = range.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard fields.first == "application/openmetrics-text" else { return false }
            let version = fields.first { $0.hasPrefix("version=") } ?? "version=1.0.0"
            let isRefused = fields.contains {
                $0.hasPrefix("q=0") && !$0.dropFirst(3).contains { "123456789".contains($0) }
            }
            return !isRefused && ["version=1.0.0", "version=1.0", "version=\"1.0.0\""].contains(version)
        }
        self = isAskedFor == true ? .openMetrics : .prometheus
    }

    /// The value of the header `Content-Type`.
    var contentType: String {
        switch self {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }
}
