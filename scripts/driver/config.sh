# shellcheck shell=bash
# The parts share variables, which no part can see whole.
# shellcheck disable=SC2034,SC2154
# lakeFS's own configuration: what neither an option nor the environment says is taken from there.
#
# Reads: config_file (of --config), helper, log_format, and what the environment and the options have
# set.  Sets, where they are empty: kv_enabled, drop_tables, blockstore_path, block_storage_prefix, the
# variables s3_* and dynamodb_*, database_type, config_connection_string.

# find_config: sets config_file to the first of lakeFS's places that has one; empty where none has.
find_config() {
    local place
    [[ -z $config_file ]] || return 0
    for place in config.yaml ${HOME:+"$HOME/.lakefs/config.yaml"} /etc/lakefs/config.yaml; do
        if [[ -f $place ]]; then
            config_file=$place
            return
        fi
    done
}

# config_bool KEY VALUE: prints true or false.
config_bool() {
    parse_bool "$1 in configuration \"$config_file\"" "$2"
}

# take_setting KEY VALUE: a setting counts where nothing was said before.
take_setting() {
    local value=$2
    [[ -n $value ]] || return 0
    case $1 in
        # The older name of the two is the one that a legacy database's configuration has.
        database.connection_string) config_connection_string=$value ;;
        database.postgres.connection_string) config_connection_string=${config_connection_string:-$value} ;;
        database.kv_enabled) [[ -n $kv_enabled ]] || kv_enabled=$(config_bool "$1" "$value") || exit ;;
        database.drop_tables) [[ -n $drop_tables ]] || drop_tables=$(config_bool "$1" "$value") || exit ;;
        database.type) database_type=${database_type:-$value} ;;
        database.dynamodb.table_name) dynamodb_table=${dynamodb_table:-$value} ;;
        database.dynamodb.endpoint) dynamodb_endpoint=${dynamodb_endpoint:-$value} ;;
        database.dynamodb.aws_region) dynamodb_region=${dynamodb_region:-$value} ;;
        database.dynamodb.aws_access_key_id) dynamodb_access_key_id=${dynamodb_access_key_id:-$value} ;;
        database.dynamodb.aws_secret_access_key) dynamodb_secret_access_key=${dynamodb_secret_access_key:-$value} ;;
        database.dynamodb.read_capacity_units) dynamodb_read_capacity=${dynamodb_read_capacity:-$value} ;;
        database.dynamodb.write_capacity_units) dynamodb_write_capacity=${dynamodb_write_capacity:-$value} ;;
        blockstore.type) blockstore_type=${blockstore_type:-$value} ;;
        blockstore.local.path) blockstore_path=${blockstore_path:-${value/#\~/$HOME}} ;;
        blockstore.s3.endpoint) s3_endpoint=${s3_endpoint:-$value} ;;
        blockstore.s3.region) s3_region=${s3_region:-$value} ;;
        blockstore.s3.force_path_style)
            [[ -n $s3_force_path_style ]] || s3_force_path_style=$(config_bool "$1" "$value") || exit
            ;;
        blockstore.s3.profile) s3_profile=${s3_profile:-$value} ;;
        blockstore.s3.credentials_file) s3_credentials_file=${s3_credentials_file:-$value} ;;
        blockstore.s3.credentials.access_key_id) s3_access_key_id=${s3_access_key_id:-$value} ;;
        blockstore.s3.credentials.secret_access_key) config_secret_access_key=$value ;;
        # Its older name.
        blockstore.s3.credentials.access_secret_key) config_secret_access_key=${config_secret_access_key:-$value} ;;
        blockstore.s3.credentials.session_token) s3_session_token=${s3_session_token:-$value} ;;
        committed.block_storage_prefix) block_storage_prefix=${block_storage_prefix:-$value} ;;
    esac
}

# A database that PG variables name was named by whoever runs this; a configuration that just happens to
# be there must not lead to another one.
is_database_named() {
    [[ -n ${PGHOST-}${PGHOSTADDR-}${PGDATABASE-}${PGSERVICE-} ]]
}

# read_config: reads the configuration, where there is one, and fills in the defaults.
read_config() {
    local pairs index named=$config_file config_secret_access_key=""
    find_config
    if [[ -n $config_file ]]; then
        mapfile -d '' -t pairs < <("$helper" config "$config_file" "$log_format" || printf 'failed\0')
        # The helper has said what is wrong.
        ((${#pairs[@]} % 2 == 0)) || exit "$EXIT_USAGE"
        info "configuration is read from \"$config_file\""
        for ((index = 0; index < ${#pairs[@]}; index += 2)); do
            take_setting "${pairs[index]}" "${pairs[index + 1]}"
        done
        s3_secret_access_key=${s3_secret_access_key:-$config_secret_access_key}
        [[ -n $named ]] || ! is_database_named || config_connection_string=""
        # lakeFS's own default, for a lakeFS that was told to store locally and nothing more.
        if [[ $blockstore_type == local && -z $blockstore_path ]]; then
            blockstore_path=$HOME/data/lakefs/block
        fi
    fi
    kv_enabled=${kv_enabled:-false}
    drop_tables=${drop_tables:-true}
}
