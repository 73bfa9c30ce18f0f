/// Durations and sizes as the file writes them: a whole number and a unit, without a space.
package enum Quantities {
    /// A duration: `500ms`, `2s`, `5m`, `1h`, `30d`; nil if the text is not one, or too large to represent.
    package static func duration(_ text: String) -> Duration? {
        guard let (number, unit) = Self.split(text) else { return nil }
        let milliseconds: Int64? =
            switch unit {
            case "ms": 1
            case "s": 1000
            case "m": 60_000
            case "h": 3_600_000
            case "d": 86_400_000
            default: nil
            }
        guard let milliseconds else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: milliseconds)
        return overflow ? nil : .milliseconds(product)
    }

    /// A number of octets: `512B`, `64KiB`, `8MiB`, `1GiB`, and `KB`, `MB`, `GB` for powers of ten; nil if the text is
    /// not one, or too large to represent.
    static func size(_ text: String) -> Int? {
        guard let (number, unit) = Self.split(text) else { return nil }
        let octets: Int64? =
            switch unit {
            case "B": 1
            case "KB": 1000
            case "MB": 1_000_000
            case "GB": 1_000_000_000
            case "KiB": 1 << 10
            case "MiB": 1 << 20
            case "GiB": 1 << 30
            default: nil
            }
        guard let octets else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: octets)
        return overflow ? nil : Int(exactly: product)
    }

    /// A duration in the file's notation, with the largest unit that leaves a whole number.
    static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let rest = attoseconds / 1_000_000_000_000_000
        guard rest == 0, seconds != 0 else { return "\(seconds &* 1000 &+ rest)ms" }
        if seconds % 86_400 == 0 { return "\(seconds / 86_400)d" }
        if seconds % 3600 == 0 { return "\(seconds / 3600)h" }
        if seconds % 60 == 0 { return "\(seconds / 60)m" }
        return "\(seconds)s"
    }

    /// A size in the file's notation, with the largest unit that leaves a whole number.
    static func text(_ octets: Int) -> String {
        for (unit, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] where octets >= 1 << shift {
            if octets & (1 << shift - 1) == 0 { return "\(octets >> shift)\(unit)" }
        }
        return "\(octets)B"
    }

    private static func split(_ text: String) -> (number: Int64, unit: Substring)? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int64(digits) else { return nil }
        return (number, text[digits.endIndex...])
    }
}
