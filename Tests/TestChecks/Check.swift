package import Testing

/// Expects equality. `#expect` takes its expression apart and so wants everything in it to be copyable, which the
/// machines are not.
package func check<Value: Equatable>(
    _ actual: Value, _ expected: Value, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(actual == expected, comment, sourceLocation: sourceLocation)
}
