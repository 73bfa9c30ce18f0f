/// Finds what somebody may have meant to write.
package enum Suggestion {
    /// The candidate that is nearest to a word, if one is near enough to be meant.
    package static func nearest(to word: String, among candidates: [String]) -> String? {
        guard word.utf8.count <= 40 else { return nil }
        let word = Self.folded(word)
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let distance = Self.distance(Array(word.utf8), Array(Self.folded(candidate).utf8))
            let isNear = distance <= max(1, min(word.utf8.count, candidate.utf8.count) / 3)
            if isNear, distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.candidate
    }

    /// Capitals and dashes are no difference.
    private static func folded(_ word: String) -> String { word.lowercased().replacing("-", with: "_") }

    /// How many insertions, deletions, replacements and swaps of neighbours turn one word into another.
    static func distance(_ first: [UInt8], _ second: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...second.count)
        for (row, byte) in first.enumerated() {
            var current = [row + 1]
            for (column, other) in second.enumerated() {
                var cost = min(last[column + 1] + 1, current[column] + 1, last[column] + (byte == other ? 0 : 1))
                if row > 0, column > 0, byte == second[column - 1], first[row - 1] == other {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            (beforeLast, last) = (last, current)
        }
        return last.last ?? first.count
    }
}
