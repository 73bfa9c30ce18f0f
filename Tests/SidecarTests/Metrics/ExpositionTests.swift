import NIOCore
import Names
import Testing

@testable import Sidecar

@Suite("Metrics as text")
struct ExpositionTests {
    private static let counter = MetricFamily(.counter, "things_total", labels: ["kind", "result"], "Things.")
    private static let gauge = MetricFamily(.gauge, "temperature", isOfAnyProgram: true, "A \\ and\na \" in it.")
    private static let histogram = MetricFamily(.histogram, "wait_seconds", labels: ["kind"], "Waits.")

    private static func text(_ format: ExpositionFormat, _ write: (inout Exposition) -> Void) -> String {
        var exposition = Exposition(format)
        write(&exposition)
        return String(buffer: exposition.finished())
    }

    @Test("a counter's name in its type has no _total in OpenMetrics, which has an end")
    func counters() {
        let write = { (exposition: inout Exposition) in
            exposition.begin(Self.counter)
            exposition.add(3, "a", "ok")
        }
        #expect(
            Self.text(.prometheus, write) == """
                # HELP wamp_sidecar_things_total Things.
                # TYPE wamp_sidecar_things_total counter
                wamp_sidecar_things_total{kind="a",result="ok"} 3

                """)
        #expect(
            Self.text(.openMetrics, write) == """
                # HELP wamp_sidecar_things Things.
                # TYPE wamp_sidecar_things counter
                wamp_sidecar_things_total{kind="a",result="ok"} 3
                # EOF

                """)
    }

    @Test("what would end a value is escaped, and quotes of the help in OpenMetrics only")
    func escapes() {
        let value = Self.text(.prometheus) {
            $0.begin(Self.counter)
            $0.add(1, "back\\slash \"quoted\"\nnext", "é")
        }
        #expect(value.contains(#"{kind="back\\slash \"quoted\"\nnext",result="é"} 1"#))
        let write = { (exposition: inout Exposition) in exposition.begin(Self.gauge) }
        #expect(Self.text(.prometheus, write).contains(#"# HELP temperature A \\ and\na " in it."#))
        #expect(Self.text(.openMetrics, write).contains(#"# HELP temperature A \\ and\na \" in it."#))
    }

    @Test("numbers that are not whole, and those that are none")
    func numbers() {
        let text = Self.text(.prometheus) {
            $0.begin(Self.gauge)
            $0.add(0.25)
            $0.add(Double.infinity)
            $0.add(-Double.infinity)
            $0.add(Double.nan)
        }
        #expect(text.hasSuffix("temperature 0.25\ntemperature +Inf\ntemperature -Inf\ntemperature NaN\n"))
    }

    @Test("a histogram has its buckets, each with all below it, a sum and a count")
    func histograms() {
        var histogram = Histogram()
        histogram.observe(nanoseconds: 500_000)
        histogram.observe(nanoseconds: 2_000_000_000)
        let text = Self.text(.prometheus) {
            $0.begin(Self.histogram)
            $0.add(histogram, at: .few, "x")
        }
        #expect(
            text == """
                # HELP wamp_sidecar_wait_seconds Waits.
                # TYPE wamp_sidecar_wait_seconds histogram
                wamp_sidecar_wait_seconds_bucket{kind="x",le="0.01"} 1
                wamp_sidecar_wait_seconds_bucket{kind="x",le="0.1"} 1
                wamp_sidecar_wait_seconds_bucket{kind="x",le="+Inf"} 2
                wamp_sidecar_wait_seconds_sum{kind="x"} 2.0005
                wamp_sidecar_wait_seconds_count{kind="x"} 2

                """)
    }

    @Test(
        "OpenMetrics is for those that ask for it",
        arguments: [
            (nil, ExpositionFormat.prometheus), ("*/*", .prometheus), ("text/plain", .prometheus),
            ("application/openmetrics-text", .openMetrics),
            ("application/openmetrics-text; version=1.0.0; charset=utf-8", .openMetrics),
            ("application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5", .openMetrics),
            ("application/openmetrics-text;version=0.0.1,text/plain", .prometheus),
            ("application/openmetrics-text;q=0,text/plain", .prometheus),
            ("application/openmetrics-text;q=0.0", .prometheus),
        ] as [(String?, ExpositionFormat)])
    func accepted(_ accept: String?, _ format: ExpositionFormat) {
        #expect(ExpositionFormat(accept: accept) == format)
    }
}
