import Names

/// Numbers as the page has them. The script has the same functions.
enum PageText {
    /// A number of things: `12,345`.
    static func count(_ number: Int) -> String { Quantity.grouped(number) }

    /// A second: `0.02`, `3.4`, `120`.
    static func rate(_ rate: Double?) -> String {
        guard let rate else { return "–" }
        if rate <= 0 { return "0" }
        if rate >= 99.95 { return self.count(self.whole(rate)) }
        if rate >= 0.995 { return self.tenths(rate) }
        let hundredths = self.whole(rate * 100)
        return hundredths < 1 ? "<0.01" : "0." + (hundredths < 10 ? "0" : "") + "\(hundredths)"
    }

    /// How long something takes: `0.4 ms`, `12 ms`, `1.2 s`.
    static func latency(_ seconds: Double?) -> String {
        guard let seconds else { return "–" }
        let milliseconds = seconds * 1_000
        if milliseconds >= 999.5 { return self.tenths(seconds) + " s" }
        if milliseconds >= 9.95 { return "\(self.whole(milliseconds)) ms" }
        return milliseconds < 0.05 ? "<0.1 ms" : self.tenths(milliseconds) + " ms"
    }

    /// How long ago something was: `45 s`, `12 min`, `3 h 12 min`, `5 d 3 h`.
    static func age(_ seconds: Double) -> String {
        let seconds = Int(max(min(seconds, 1e12), 0))
        let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400)
        if minutes < 1 { return "\(seconds) s" }
        if hours < 1 { return "\(minutes) min" }
        if days < 1 { return "\(hours) h \(minutes % 60) min" }
        return "\(self.count(days)) d \(hours % 24) h"
    }

    private static func tenths(_ number: Double) -> String {
        let tenths = self.whole(number * 10)
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func whole(_ number: Double) -> Int { Int(min(number, 1e15).rounded()) }
}
