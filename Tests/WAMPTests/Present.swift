import Testing

/// The value, which must be there. Unlike `#require` it takes the result of a mutating call.
func present<Value>(_ value: Value?, _ location: SourceLocation = #_sourceLocation) throws -> Value {
    try #require(value, sourceLocation: location)
}
