import Glibc

/// One line of JSON on standard output, for programs, with members in the order in which they were added.
struct Report {
    private var text = ""

    /// - Parameter kind: the subject of the line; its member `report`.
    init(_ kind: String) {
        add("report", kind)
    }

    mutating func add(_ key: String, _ value: Int) {
        member(key, String(value))
    }

    /// Adds a number with three decimals.
    mutating func add(_ key: String, _ value: Double) {
        member(key, String((value * 1000).rounded() / 1000))
    }

    mutating func add(_ key: String, _ value: String) {
        var quoted = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        member(key, quoted + "\"")
    }

    /// Adds the memory of a process; with `since` and `calls` also its processor time for each of the calls between.
    mutating func add(_ usage: ProcessUsage?, since earlier: ProcessUsage? = nil, calls: Int = 0) {
        guard let usage else { return }
        add("residentKiB", usage.resident)
        add("residentPeakKiB", usage.residentPeak)
        if let earlier, calls > 0 {
            add("processorMicrosecondsPerCall", Double(usage.processorTime - earlier.processorTime) / Double(calls))
        }
    }

    /// Writes the line immediately, as a whole.
    func print() {
        Swift.print("{\(text)}")
        fflush(nil)
    }

    private mutating func member(_ key: String, _ value: String) {
        text += "\(text.isEmpty ? "" : ",")\"\(key)\":\(value)"
    }
}
