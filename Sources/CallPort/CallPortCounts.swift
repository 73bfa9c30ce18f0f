package import Names

/// What became of the calls and publications that came from SQL.
package struct CallPortCounts {
    /// How one of them has ended.
    package enum Kind: String, CaseIterable {
        case ok
        /// The router, or the procedure, answered ERROR.
        case error
        /// It was not answered, or not sent.
        case failed
        /// SQL did not wait any more.
        case givenUp = "given_up"

        init(_ answer: CallPortAnswer) {
            switch answer {
            case .result: self = .ok
            case .failure(let failure): self = failure.code == CallPortAnswer.Failure.wampError ? .error : .failed
            case .stale, .proved, .status: self = .failed
            }
        }

        fileprivate var index: Int {
            switch self {
            case .ok: 0
            case .error: 1
            case .failed: 2
            case .givenUp: 3
            }
        }
    }

    /// How many came.
    package private(set) var received = 0
    private var ends = [Int](repeating: 0, count: Kind.allCases.count)
    /// How long those took that were answered.
    package private(set) var duration = Histogram()

    /// How many have ended in a way.
    package func ended(_ kind: Kind) -> Int { self.ends[kind.index] }

    /// One came.
    mutating func began() {
        self.received += 1
    }

    /// One has ended.
    mutating func ended(_ kind: Kind, nanoseconds: Int64) {
        self.ends[kind.index] += 1
        self.duration.observe(nanoseconds: nanoseconds)
    }
}
