import NIOCore
import Names

/// Writes metrics as text, family by family.
struct Exposition {
    private let format: ExpositionFormat
    private var text: ByteBuffer
    private var family: MetricFamily?

    init(_ format: ExpositionFormat) {
        self.format = format
        self.text = ByteBufferAllocator().buffer(capacity: 32 * 1024)
    }

    /// A family begins: what is added until the next one is of it. Each family begins at most once.
    mutating func begin(_ family: MetricFamily) {
        self.family = family
        let name =
            switch self.format {
            case .prometheus: family.name
            case .openMetrics: family.nameWithoutTotal
            }
        self.text.writeString("# HELP \(name) ")
        self.writeEscaped(family.help, quotes: self.format == .openMetrics)
        self.text.writeString("\n# TYPE \(name) \(family.kind.rawValue)\n")
    }

    /// A sample of the family.
    ///
    /// - Parameter values: the values of its labels, in their order.
    mutating func add(_ value: Int, _ values: String...) {
        self.writeName("", values, bound: nil)
        self.text.writeString(String(value))
        self.text.writeInteger(UInt8(ascii: "\n"))
    }

    /// The same of a number that is not whole.
    mutating func add(_ value: Double, _ values: String...) {
        self.writeName("", values, bound: nil)
        self.text.writeString(Self.number(value))
        self.text.writeInteger(UInt8(ascii: "\n"))
    }

    /// The samples of a histogram.
    ///
    /// - Parameter bounds: which of the histogram's bounds are written.
    mutating func add(_ histogram: Histogram, at bounds: Histogram.Bounds, _ values: String...) {
        for (bound, count) in histogram.cumulated(at: bounds) {
            self.writeName("_bucket", values, bound: bound)
            self.text.writeString("\(count)\n")
        }
        self.writeName("_bucket", values, bound: "+Inf")
        self.text.writeString("\(histogram.count)\n")
        self.writeName("_sum", values, bound: nil)
        self.text.writeString("\(Self.number(histogram.sum))\n")
        self.writeName("_count", values, bound: nil)
        self.text.writeString("\(histogram.count)\n")
    }

    /// All that was written, with its end.
    consuming func finished() -> ByteBuffer {
        switch self.format {
        case .prometheus: break
        case .openMetrics: self.text.writeStaticString("# EOF\n")
        }
        return self.text
    }

    private mutating func writeName(_ suffix: StaticString, _ values: [String], bound: String?) {
        guard let family = self.family else { return }
        self.text.writeString(family.name)
        self.text.writeStaticString(suffix)
        var isFirst = true
        for (label, value) in zip(family.labels, values) {
            self.text.writeStaticString(isFirst ? "{" : ",")
            self.text.writeString(label)
            self.text.writeStaticString("=\"")
            self.writeEscaped(value, quotes: true)
            self.text.writeStaticString("\"")
            isFirst = false
        }
        if let bound {
            self.text.writeStaticString(isFirst ? "{" : ",")
            self.text.writeString("le=\"\(bound)\"")
            isFirst = false
        }
        if !isFirst { self.text.writeStaticString("}") }
        self.text.writeStaticString(" ")
    }

    /// A backslash, a line feed and, within quotes, a quote would end what they stand in.
    private mutating func writeEscaped(_ value: String, quotes: Bool) {
        let needsNone = value.utf8.allSatisfy { octet in
            octet != UInt8(ascii: "\\") && octet != UInt8(ascii: "\n") && (!quotes || octet != UInt8(ascii: "\""))
        }
        guard !needsNone else {
            self.text.writeString(value)
            return
        }
        for octet in value.utf8 {
            switch octet {
            case UInt8(ascii: "\\"): self.text.writeStaticString("\\\\")
            case UInt8(ascii: "\n"): self.text.writeStaticString("\\n")
            case UInt8(ascii: "\"") where quotes: self.text.writeStaticString("\\\"")
            default: self.text.writeInteger(octet)
            }
        }
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return "\(value)"
    }
}
